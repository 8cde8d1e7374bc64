// Package kernel is the seam between networks and the hardware that runs them. A Program is a flat list of operations
// over buffers of known shape; a Device prepares it once and runs it a step at a time. The set of operations is small and
// closed: layers are built from them (package nn), a new device implements them all (docs of each operation give the
// formula; kerneltest checks any device against the reference).
package kernel

import "fmt"

// A Shape is that of a buffer: samples × channels × height × width, the last index running fastest. A vector of features
// is N×C×1×1; the weights of a convolution are filters × channels/groups × kernel height × kernel width; those of a fully
// connected layer outputs × inputs × 1 × 1.
type Shape struct{ N, C, H, W int }

// Len returns the number of elements.
func (s Shape) Len() int { return s.N * s.C * s.H * s.W }

// Sample returns the number of elements of one sample, C·H·W.
func (s Shape) Sample() int { return s.C * s.H * s.W }

func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d×%d", s.N, s.C, s.H, s.W) }

// An ID names a buffer of a Program: its index in Program.Buffers.
type ID int

// None stands for a buffer that is left out, such as the bias of a convolution without one.
const None ID = -1

// A Role says what a buffer is for, and so how long it lives.
type Role uint8

const (
	// Input is uploaded before a step: images, labels, targets. N is the batch.
	Input Role = iota
	// Value is an activation, or the gradient of the loss with respect to one. N is the batch. Its content is defined
	// only between the operations that write and read it, unless the buffer is Kept.
	Value
	// Parameter is learned; it lives as long as the Executor.
	Parameter
	// Gradient is that of the loss with respect to a parameter. It lives as long as the Executor, so that the gradients of
	// several batches can be added.
	Gradient
	// History is what a solver remembers of a parameter (momentum, moments). Lives as long as the Executor; starts at zero.
	History
	// Statistic is what an operation remembers of the data it saw, the same for all samples. Lives as long as the Executor; starts at zero.
	Statistic
)

// A Buffer describes memory that a Device provides.
type Buffer struct {
	Name  string // for messages: layer and what it is
	Shape Shape
	Role  Role
	Kept  bool // a Value that is downloaded after a step, so its memory is not reused within it
}

// A Program is what a Device runs. Forward computes the outputs and, when it holds loss operations, the loss of each sample;
// Backward the gradients of all parameters; Update moves the parameters. Every operation reads only what an earlier
// operation of the same step wrote (Backward may read what Forward wrote), or inputs, parameters and history.
type Program struct {
	Batch    int // the most samples a step can have; N of every Input and Value
	Buffers  []Buffer
	Forward  []Op
	Backward []Op
	Update   []Op
}

// Step says what one run of a Program does.
type Step struct {
	Samples   int     // how many of the Batch samples are there (1…Batch); the rest of the buffers is not touched
	Training  bool    // dropout drops, batches are normalised by their own statistics
	Backward  bool    // run Backward after Forward
	Update    bool    // run Update at the end
	NoForward bool    // skip Forward (an update alone)
	Add       bool    // add to the gradients of parameters instead of replacing them: the second and later parts of an accumulated batch
	Scale     float32 // what each sample's loss counts in the gradient: 1 / samples of the whole accumulated batch
	Rate      float32 // learning rate of this update
	Decay     float32 // weight decay λ of this update
	Iteration int     // from 0; t−1 of Adam and AdamW; part of dropout's random numbers
	First     int     // index of the first sample within the accumulated batch; part of dropout's random numbers
	Seed      uint64  // of dropout's random numbers
}

// An Op is one operation of a Program. The set is closed: the types of this file.
type Op interface{ op() }

// A Pair is a height and a width.
type Pair struct{ H, W int }

// Geometry is how a window moves over an image. Pad is added before it (above, at the left), PadEnd after it; what lies outside is zero for a
// convolution, absent for a pooling. The window's place (i,j) covers rows i·Stride.H − Pad.H + r·Dilation.H.
type Geometry struct{ Kernel, Stride, Pad, PadEnd, Dilation Pair }

// An ActivationKind names a pointwise function.
type ActivationKind uint8

const (
	ReLU      ActivationKind = iota // max(x,0); gradient 1 where y > 0
	Sigmoid                         // 1/(1+e^−x); gradient y(1−y)
	Tanh                            // tanh x; gradient 1−y²
	LeakyReLU                       // x where x > 0, else Slope·x; gradient 1 where y > 0, else Slope
)

// A SolverKind names a rule of Update.
type SolverKind uint8

const (
	SGD      SolverKind = iota // Caffe's: v ← μv + ηg; w ← w − v. One history buffer
	Nesterov                   // Caffe's: v' ← μv + ηg; w ← w − ((1+μ)v' − μv). One history buffer
	Adam                       // Kingma and Ba 2015, algorithm 1, as PyTorch: w ← w − η·m̂/(√v̂+ε), m̂ = m/(1−β1^t), v̂ = v/(1−β2^t). Two history buffers; Momentum is β1
	AdamW                      // Loshchilov and Hutter 2019, as PyTorch: w ← (1−ηλ)·w, then Adam's rule with the gradient alone. Two history buffers
	AdaGrad                    // Duchi et al. 2011: h ← h + g²; w ← w − η·g/(√h+ε). One history buffer
	RMSProp                    // Tieleman and Hinton 2012: h ← β2·h + (1−β2)·g²; w ← w − η·g/(√h+ε). One history buffer
	AdaDelta                   // Zeiler 2012: h ← β2·h + (1−β2)·g²; d = g·√(u+ε)/√(h+ε); u ← β2·u + (1−β2)·d²; w ← w − η·d. Two history buffers, h and u
)

// Histories returns the number of history buffers that the solver keeps for a parameter.
func (k SolverKind) Histories() int {
	switch k {
	case Adam, AdamW, AdaDelta:
		return 2
	}
	return 1
}

// The operations. X are inputs, Y outputs, W weights, B biases; a leading D marks the gradient of the loss with respect to
// it. An operation with Add set adds its result to what is in the buffer (a value that feeds several layers), else it
// replaces it. Operations that write DW and DB replace or add by Step.Add.
type (
	// Conv is Y[n,f,i,j] = B[f] + Σ_c,r,s W[f,c,r,s]·X[n,c,i·stride−pad+r·dilation, …], channels and filters in Groups equal parts.
	Conv struct {
		X, W, B, Y ID
		Geometry
		Groups int
	}
	ConvGradInput struct {
		DY, W, DX ID
		Geometry
		Groups int
		Add    bool
	}
	ConvGradWeights struct {
		X, DY, DW, DB ID
		Geometry
		Groups int
	}

	// Deconv is the transposed convolution (Caffe's Deconvolution): Y = B + what ConvGradInput makes of X as the gradient of an output. W is channels of X ×
	// channels of Y/Groups × kernel height × kernel width; each number of X is put into Y as a window of weights, cut where that reaches beyond.
	Deconv struct {
		X, W, B, Y ID
		Geometry
		Groups int
	}
	// DeconvGradInput is the convolution of DY.
	DeconvGradInput struct {
		DY, W, DX ID
		Geometry
		Groups int
		Add    bool
	}
	DeconvGradWeights struct {
		X, DY, DW, DB ID
		Geometry
		Groups int
	}

	// Dense is Y[n,o] = B[o] + Σ_i W[o,i]·X[n,i], where i runs over C·H·W of X.
	Dense          struct{ X, W, B, Y ID }
	DenseGradInput struct {
		DY, W, DX ID
		Add       bool
	}
	DenseGradWeights struct{ X, DY, DW, DB ID }

	// Pool takes the maximum or, if Average, the mean of each window. The window is cut at the image's edge; the mean
	// divides by the window's area within the padded image, as Caffe does. A maximum that occurs more than once counts at
	// its first place in reading order.
	Pool struct {
		X, Y ID
		Geometry
		Average bool
	}
	PoolGrad struct {
		X, Y, DY, DX ID
		Geometry
		Average bool
		Add     bool
	}

	// Activation is Y = f(X), element by element. X and Y may be the same buffer. Slope (0 or more) is of LeakyReLU.
	Activation struct {
		X, Y  ID
		Kind  ActivationKind
		Slope float32
	}
	// ActivationGrad is DX = DY·f'(x), with f' written in terms of Y. DY and DX may be the same buffer.
	ActivationGrad struct {
		Y, DY, DX ID
		Kind      ActivationKind
		Slope     float32
		Add       bool
	}

	// Dropout is Y = X·keep/(1−Ratio) in training, Y = X else. keep is Keep(…) of Stream and the element's place.
	// X and Y may be the same buffer; so may DY and DX.
	Dropout struct {
		X, Y   ID
		Ratio  float32
		Stream int // number of the dropout layer within the network
	}
	DropoutGrad struct {
		DY, DX ID
		Ratio  float32
		Stream int
		Add    bool
	}

	// LRN is Caffe's local response normalisation: Y = X·S^−Beta (S is kept for the gradient). Across channels S = 1 + Alpha/Size·Σ X² over Size
	// channels around. Within a channel S = 1 + Alpha/Size²·Σ X² over Size×Size places around, Size odd; what lies outside counts as zero.
	LRN struct {
		X, Y, S     ID
		Size        int
		Alpha, Beta float32
		Within      bool
	}
	LRNGrad struct {
		X, Y, S, DY, DX ID
		Size            int
		Alpha, Beta     float32
		Within, Add     bool
	}

	// BatchNorm normalises each channel (Ioffe and Szegedy 2015): Y = W·(X−m)/√(v+Epsilon) + B. In training m and v are mean and variance over the samples and
	// places of the step, and are mixed into Mean and Variance, a share of Rate (the variance there that of a sample: ÷(n−1), as in PyTorch); else m and v are
	// Mean and Variance. W, B and all statistics are C×1×1×1. Shift and Scale keep m and 1/√(v+Epsilon) for the gradient.
	BatchNorm struct {
		X, W, B, Y                   ID
		Mean, Variance, Shift, Scale ID
		Epsilon, Rate                float32
		Fixed                        bool // Mean and Variance are taken in training too, and stay
	}
	// BatchNormGrad is the gradient of BatchNorm; in training it flows through mean and variance too.
	BatchNormGrad struct {
		X, W, DY, DX, DW, DB ID // DX, and DW with DB, may be None
		Shift, Scale         ID
		Fixed                bool
		Add                  bool // to DX
	}

	// Softmax runs over the channels, at each place of the image: Y = e^(X−max)/Σ.
	Softmax     struct{ X, Y ID }
	SoftmaxGrad struct {
		Y, DY, DX ID
		Add       bool
	}

	// Copy copies Channels channels from X, starting at From, to Y, starting at To: concatenation and its gradient.
	Copy struct {
		X, Y               ID
		From, To, Channels int
		Add                bool
	}
	// Crop is the part of X of Y's size that begins at a channel, a row and a column.
	Crop struct {
		X, Y                 ID
		Channel, Row, Column int
	}
	// CropGrad is DX = DY in that part, 0 around it.
	CropGrad struct {
		DY, DX               ID
		Channel, Row, Column int
		Add                  bool
	}

	// Upsample enlarges images by a whole Factor: each place becomes Factor×Factor of the same value or, if Bilinear, of what lies between the middles of places;
	// beyond the outermost middles it is constant (PyTorch's interpolate without align_corners).
	Upsample struct {
		X, Y     ID
		Factor   int
		Bilinear bool
	}
	UpsampleGrad struct {
		DY, DX   ID
		Factor   int
		Bilinear bool
		Add      bool
	}

	// Sum is Y = A + B; A, B and Y have one shape.
	Sum struct{ A, B, Y ID }

	// SoftmaxLoss is the cross-entropy of the softmax over the channels with the class of each place: Loss[n] = −Weight·mean of w[label]·log P[n,label,h,w] over the
	// places that have a class, 0 where none has. X and P, which gets the softmax, are N×C×H×W; Labels is N×1×H×W, whole numbers held as float32. A label outside 0…C−1
	// is void: it counts nothing. w is ClassWeights, C numbers of 0 or more that are not all 0; nil is 1 for every class. The mean is over places, not over their
	// weights as PyTorch's is: that would give a sample of one place the same loss whatever its class weighs.
	SoftmaxLoss struct {
		X, Labels, P, Loss ID
		Weight             float32
		ClassWeights       []float32
	}
	// SoftmaxLossGrad is DX = Step.Scale·Weight·w[label]/(places of the sample that have a class)·(P − onehot), 0 at void places.
	SoftmaxLossGrad struct {
		P, Labels, DX ID
		Weight        float32
		ClassWeights  []float32
		Add           bool
	}
	// SquaredLoss is Loss[n] = Weight·½Σ(X−T)² (Caffe's Euclidean loss), T the target, of X's shape.
	SquaredLoss struct {
		X, T, Loss ID
		Weight     float32
	}
	SquaredLossGrad struct {
		X, T, DX ID
		Weight   float32
		Add      bool
	}
	// AbsoluteLoss is Loss[n] = Weight·Σ|X−T|; its gradient at X = T is 0.
	AbsoluteLoss struct {
		X, T, Loss ID
		Weight     float32
	}
	AbsoluteLossGrad struct {
		X, T, DX ID
		Weight   float32
		Add      bool
	}
	// SigmoidLoss is the cross-entropy of each class by itself (Caffe's SigmoidCrossEntropyLoss): Loss[n] = −Weight·Σ T·log σ(X) + (1−T)·log(1−σ(X)),
	// computed as Weight·Σ max(X,0) − X·T + log(1+e^−|X|), which does not overflow. T is the target, of X's shape; P gets σ(X) = 1/(1+e^−X).
	SigmoidLoss struct {
		X, T, P, Loss ID
		Weight        float32
	}
	// SigmoidLossGrad is DX = Step.Scale·Weight·(P − T).
	SigmoidLossGrad struct {
		P, T, DX ID
		Weight   float32
		Add      bool
	}
	// HingeLoss is Loss[n] = Weight·Σ max(0, 1−δX), δ = 2T−1 (Caffe's HingeLoss of norm L1): with a target of ones and zeros δ is 1 for the true
	// class and −1 for the others. Its gradient is −δ where δX < 1, else 0.
	HingeLoss struct {
		X, T, Loss ID
		Weight     float32
	}
	HingeLossGrad struct {
		X, T, DX ID
		Weight   float32
		Add      bool
	}

	// Update moves parameter W by its gradient G: g = G + Step.Decay·DecayFactor·W, η = Step.Rate·RateFactor, then the rule
	// of Kind. History holds Kind.Histories() buffers of W's shape.
	Update struct {
		W, G                     ID
		History                  []ID
		Kind                     SolverKind
		Momentum, Beta2, Epsilon float32
		RateFactor, DecayFactor  float32
	}
)

func (Conv) op()              {}
func (ConvGradInput) op()     {}
func (ConvGradWeights) op()   {}
func (Deconv) op()            {}
func (DeconvGradInput) op()   {}
func (DeconvGradWeights) op() {}
func (Dense) op()             {}
func (DenseGradInput) op()    {}
func (DenseGradWeights) op()  {}
func (Pool) op()              {}
func (PoolGrad) op()          {}
func (Activation) op()        {}
func (ActivationGrad) op()    {}
func (Dropout) op()           {}
func (DropoutGrad) op()       {}
func (LRN) op()               {}
func (LRNGrad) op()           {}
func (BatchNorm) op()         {}
func (BatchNormGrad) op()     {}
func (Softmax) op()           {}
func (SoftmaxGrad) op()       {}
func (Copy) op()              {}
func (Crop) op()              {}
func (CropGrad) op()          {}
func (Upsample) op()          {}
func (UpsampleGrad) op()      {}
func (Sum) op()               {}
func (SoftmaxLoss) op()       {}
func (SoftmaxLossGrad) op()   {}
func (SquaredLoss) op()       {}
func (SquaredLossGrad) op()   {}
func (AbsoluteLoss) op()      {}
func (AbsoluteLossGrad) op()  {}
func (SigmoidLoss) op()       {}
func (SigmoidLossGrad) op()   {}
func (HingeLoss) op()         {}
func (HingeLossGrad) op()     {}
func (Update) op()            {}
