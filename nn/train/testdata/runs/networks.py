import json
def mlp(act, name, classes=10, depth=10, width=64, shape=(1,28,28), filler="xavier"):
    layers=[]; prev="data"
    for i in range(depth-1):
        layers.append(dict(name=f"ip{i+1}",type="fully-connected",inputs=[prev],settings=dict(outputs=width,filler=filler)))
        layers.append(dict(name=f"{act}{i+1}",type=act,inputs=[f"ip{i+1}"])); prev=f"{act}{i+1}"
    layers.append(dict(name=f"ip{depth}",type="fully-connected",inputs=[prev],settings=dict(filler=filler)))
    layers.append(dict(name="loss",type="softmax-loss",inputs=[f"ip{depth}"]))
    return dict(format=1,name=name,input=dict(channels=shape[0],height=shape[1],width=shape[2]),classes=classes,layers=layers)
json.dump(mlp("sigmoid","sigmoid10"),open("sigmoid10.json","w"))
json.dump(mlp("relu","relu10",filler="msra"),open("relu10.json","w"))
json.dump(mlp("sigmoid", "sigmoid10", shape=(3, 32, 32)), open("sigmoid10-colour.json", "w"))
json.dump(mlp("relu", "linear", depth=1, shape=(3, 32, 32)), open("linear.json", "w"))
